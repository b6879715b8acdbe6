"""PostgreSQL: everything that is kept, and every statement that reaches the database."""
