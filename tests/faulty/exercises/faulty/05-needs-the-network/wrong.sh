touch /tmp/elsewhere
