"""The door in: reads requests whole before anybody works on them, and gives answers away as fast as their readers take
them. Nobody's slowness holds a thread, a connection to the database or a lock."""
