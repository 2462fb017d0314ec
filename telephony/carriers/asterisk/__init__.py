"""The hospital's own exchange: Asterisk by its REST interface (ARI), with audio over chan_websocket or AudioSocket."""
