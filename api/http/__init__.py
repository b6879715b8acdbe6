"""The HTTP side: one module a resource, thin; and what they share: contract, errors, parameters, bodies, pages."""
