"""What campaigns need of the record, as a port, and its adapter to core_api."""
