"""What `alumni serve` runs besides the web application, and that all of it ends when it ends."""
