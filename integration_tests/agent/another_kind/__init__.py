"""Kinds of actions of the tests alone: a folder each, as in `freshbooks_hub/agent/actions/kinds`."""
