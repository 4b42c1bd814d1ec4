"""What a call costs: CPU of the gateway's process, beside a plain reverse proxy in the same run. See README.md."""
