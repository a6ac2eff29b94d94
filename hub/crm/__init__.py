"""Customers and tickets."""
