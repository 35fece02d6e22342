// Node-RED without editor, at the port of the environment; functions of the flow may compute an HMAC.
module.exports = {
    uiHost: "127.0.0.1",
    uiPort: process.env.PEER_PORT,
    httpAdminRoot: false,
    credentialSecret: false,
    functionGlobalContext: { crypto: require("crypto") },
    telemetry: { enabled: false, updateNotification: false },
    diagnostics: { enabled: false },
    logging: { console: { level: "error" } },
};
