"""Reading what people say: options, numbers, dates, call-back times. Pure."""
