"""Customers: persons and organisations, how they are reached, and what they refuse."""

from hub.crm.customers.identify import Identified, identify, identify_many
from hub.crm.customers.queries import names
from hub.crm.customers.service import Customers
from hub.crm.customers.values import (
    Change,
    Customer,
    CustomerAddress,
    CustomerKind,
    Level,
    Member,
    Merge,
    MergedRecord,
    NewAddress,
    NewCustomer,
    Refusal,
    Sex,
)

__all__ = [
    "Change",
    "Customer",
    "CustomerAddress",
    "CustomerKind",
    "Customers",
    "Identified",
    "Level",
    "Member",
    "Merge",
    "MergedRecord",
    "NewAddress",
    "NewCustomer",
    "Refusal",
    "Sex",
    "identify",
    "identify_many",
    "names",
]
