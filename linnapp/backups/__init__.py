"""All rows and logos as one file that either engine writes and either reads, and the move from SQLite to PostgreSQL.

Rows travel as lines of PostgreSQL's COPY text: PostgreSQL makes and reads them by itself, SQLite by expressions.
"""
