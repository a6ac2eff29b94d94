"""Tickets: a customer's request as work, with state, time limit, assignee, and every step on record."""

from hub.crm.tickets.links import ConversationLinks
from hub.crm.tickets.service import Tickets
from hub.crm.tickets.values import NewTicket, Priority, Step, Ticket, TicketChange, TicketState, Wanted

__all__ = [
    "ConversationLinks",
    "NewTicket",
    "Priority",
    "Step",
    "Ticket",
    "TicketChange",
    "TicketState",
    "Tickets",
    "Wanted",
]
