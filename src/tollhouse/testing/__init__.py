"""What an application's own tests may use: a clock that stands still, and the whole house offline."""
