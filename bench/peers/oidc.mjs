// panva's oidc-provider with what it brings: a client authenticates and gets an opaque token, kept in memory.
import { Provider } from "oidc-provider";

const port = Number(process.argv[2]);
const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [
    {
      client_id: "bench",
      client_secret: process.argv[3],
      grant_types: ["client_credentials"],
      redirect_uris: [],
      response_types: [],
    },
  ],
  features: { clientCredentials: { enabled: true }, devInteractions: { enabled: false } },
  scopes: ["read"],
});
provider.listen(port, "127.0.0.1");
