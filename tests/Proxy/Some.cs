using System.Security.Cryptography;
using System.Text;
using Hypervize.Contracts;

namespace Hypervize.Proxy.Tests;

/// <summary>Endpoints, accounts and messages, of which a test says only what matters to it.</summary>
internal static class Some
{
    public static readonly DateTimeOffset Noon = new(2026, 11, 1, 12, 0, 0, TimeSpan.Zero);

    private static readonly EndpointSettings Settings = new("test", "model", "cpu", "simulator", new(0, 2, 60, 4), 60, EndpointAccess.Private, false);

    public static EndpointState Endpoint(string id, EndpointStatus status = EndpointStatus.Up, params EndpointNode[] nodes) =>
        new(id, "acct-000000000001", Settings, status, Noon, 1, 1, nodes, null, null, [], Noon, Settings);

    public static EndpointNode Node(string id, NodeStatus status = NodeStatus.Ready) => new(id, status, "http://127.0.0.1:1", Noon, 1);

    public static EndpointChanged Changed(EndpointState state, long version, long position) =>
        new(state.Id, version, position, Guid.NewGuid(), new EndpointDisabled("test", Noon), state);

    public static AccountState Account(string id, params string[] keys) => new(id, "test", [.. keys.Select(k => Key(k))], Noon);

    public static AccountChanged Changed(AccountState state, long version, long position) =>
        new(state.Id, version, position, Guid.NewGuid(), new AccountCreated(state.Id, "test", "test", Noon), state);

    public static ApiKey Key(string key, params KeyScope[] scopes) => new(
        $"key-{key[^4..]}", "test", key[..13], Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(key))), scopes is [] ? [KeyScope.Global] : scopes, Noon);

    public static string NewKey() => $"hvz_live_{RandomNumberGenerator.GetString("abcdefghijkmnpqrstuvwxyz23456789", 33)}";

    public static string NewId(string kind) => $"{kind}-{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(6))}";
}
