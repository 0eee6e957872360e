// A certified OpenID provider (panva's oidc-provider) on loopback, for tests: anybody signs in by name.
// Arguments: one JSON object {port, client, secret, redirects, logouts, backChannel, people}.
import { Provider } from 'oidc-provider';

const said = JSON.parse(process.argv[2]);
const issuer = `http://127.0.0.1:${said.port}`;

const provider = new Provider(issuer, {
  clients: [
    {
      client_id: said.client,
      client_secret: said.secret,
      redirect_uris: said.redirects,
      post_logout_redirect_uris: said.logouts,
      ...(said.backChannel ? { backchannel_logout_uri: said.backChannel, backchannel_logout_session_required: true } : {}),
    },
  ],
  claims: {
    openid: ['sub'],
    profile: ['name', 'preferred_username', 'department', 'duties', 'citizen_id', 'mobile', 'email'],
  },
  conformIdTokenClaims: false,
  cookies: { keys: ['only-for-tests'] },
  features: { devInteractions: { enabled: true }, backchannelLogout: { enabled: true } },
  // The city's test server is on loopback: the usual guard against such addresses would refuse it.
  fetch: (url, { dispatcher, ...options }) => globalThis.fetch(url, options),
  findAccount: (_ctx, id) =>
    said.people[id] && { accountId: id, claims: () => ({ sub: id, ...said.people[id] }) },
});

for (const event of ['server_error', 'backchannel.error', 'grant.error', 'authorization.error', 'end_session.error']) {
  provider.on(event, (...told) => console.error(event, told.find((t) => t instanceof Error)?.message));
}
provider.listen(said.port, '127.0.0.1', () => console.log('ready'));
