"""The running gateway, put together: the only package that names concrete parts."""
