"""What leaves this machine for the Hub: a judge with its model card."""
