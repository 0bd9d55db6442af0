"""What happens to connectors."""

from linnapp.kinds import register

CONNECTOR_MADE = register("CONNECTOR_MADE", "Connector {connector} created by {who}")
CONNECTOR_EDITED = register("CONNECTOR_EDITED", "Connector {connector} changed by {who}: {fields}")
CONNECTOR_TESTED = register("CONNECTOR_TESTED", "Connector {connector} tested by {who}")
CONNECTOR_DELETED = register("CONNECTOR_DELETED", "Connector {connector} deleted by {who}")
