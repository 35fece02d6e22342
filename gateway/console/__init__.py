"""The console: what an operator sees in the browser and a script over JSON, on the admin listener."""
