"""What runs beside the server under test, and the driver's side of it."""
