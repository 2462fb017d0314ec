"""The carrier's side of Twilio's protocol, with patients (personas) at the other end of the line."""
