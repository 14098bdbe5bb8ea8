"""What is checked because a browser sends what any page tells it to: hosts, origins, cookies."""
