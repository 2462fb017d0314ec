"""sherpa-onnx for real: `make test-sherpa`, in an environment of its own."""
