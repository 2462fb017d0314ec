"""The list for people (待人工处理): who could not be reached, or needs a person."""
