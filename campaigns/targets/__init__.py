"""Who a campaign is to reach, and how far it has come with each."""
