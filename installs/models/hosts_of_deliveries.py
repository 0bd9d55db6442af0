"""SQL that tells the hosts of deliveries one from the next in their index, however many go to each."""

HOSTS = """
    WITH RECURSIVE hosts (host) AS (
        SELECT min(host) FROM installs_delivery WHERE application_id = %s
        UNION ALL
        SELECT (SELECT min(d.host) FROM installs_delivery d WHERE d.application_id = %s AND d.host > hosts.host)
        FROM hosts WHERE hosts.host IS NOT NULL
    )
    SELECT host FROM hosts WHERE host <> ''
"""

ALL_HOSTS = """
    WITH RECURSIVE hosts (application_id, host) AS (
        SELECT a.id, (SELECT min(d.host) FROM installs_delivery d WHERE d.application_id = a.id)
        FROM linnapp_application a
        UNION ALL
        SELECT hosts.application_id, (
            SELECT min(d.host) FROM installs_delivery d
            WHERE d.application_id = hosts.application_id AND d.host > hosts.host
        )
        FROM hosts WHERE hosts.host IS NOT NULL
    )
    SELECT application_id, host FROM hosts WHERE host <> ''
"""
