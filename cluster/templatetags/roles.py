"""Roles in words: what each is called, and what whoever holds it sees and does."""

from django import template

from cluster.models.role_names import role_name, role_sentence

register = template.Library()
register.filter("role_name", role_name)
register.filter("role_sentence", role_sentence)
