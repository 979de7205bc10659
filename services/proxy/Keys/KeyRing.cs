using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Hypervize.Contracts;
using Hypervize.Hosting;

namespace Hypervize.Proxy.Keys;

/// <summary>A key that is good.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Caller">Who calls with it; the same instance for as long as the key stays as it is.</param>
/// <param name="Limits">How many inference requests it may make; null for any number.</param>
public sealed record KnownKey(string Id, Caller Caller, RequestLimits? Limits);

/// <summary>The API keys that are good now. Read without locks; keys are known by their hashes only.</summary>
public sealed class KeyRing
{
    private const int LongestKey = 128;
    private readonly ConcurrentDictionary<KeyHash, KnownKey> _known = new();
    private readonly Dictionary<string, IReadOnlyList<ApiKey>> _held = new(StringComparer.Ordinal);
    private readonly Lock _writing = new();
    private int _revision;

    /// <summary>Changes whenever any key does: what was found out about a key holds until then.</summary>
    public int Revision => Volatile.Read(ref _revision);

    /// <summary>How many keys are good.</summary>
    public int Count => _known.Count;

    /// <summary>Ids of the keys that are good.</summary>
    public IReadOnlySet<string> Ids() => _known.Values.Select(k => k.Id).ToHashSet(StringComparer.Ordinal);

    /// <summary>Tells whose key it is.</summary>
    /// <param name="key">The whole key, as the client sent it.</param>
    /// <param name="known">The key, as it is known.</param>
    public bool TryAuthenticate(ReadOnlySpan<char> key, [MaybeNullWhen(false)] out KnownKey known)
    {
        Span<byte> bytes = stackalloc byte[LongestKey];
        if (Encoding.UTF8.TryGetBytes(key, bytes, out var length)) return _known.TryGetValue(KeyHash.Of(bytes[..length]), out known);
        known = null;
        return false;
    }

    /// <summary>Takes in the keys of an account; those it had and that are not among them are good no longer.</summary>
    /// <param name="accountId">The account.</param>
    /// <param name="keys">Its keys; empty when it is gone.</param>
    public void Hold(string accountId, IReadOnlyList<ApiKey> keys)
    {
        lock (_writing)
        {
            var before = _held.GetValueOrDefault(accountId, []);
            foreach (var revoked in before.ExceptBy(keys.Select(k => k.Hash), k => k.Hash)) _known.TryRemove(KeyHash.Parse(revoked.Hash), out _);
            foreach (var key in keys)
            {
                if (before.Any(k => k.Hash == key.Hash && k.Scopes.SequenceEqual(key.Scopes) && k.Limits == key.Limits)) continue;
                _known[KeyHash.Parse(key.Hash)] = new(key.Id, new(key.Prefix, accountId, key.Scopes), key.Limits);
            }
            if (keys.Count > 0) _held[accountId] = keys;
            else _held.Remove(accountId);
            Interlocked.Increment(ref _revision);
        }
    }

    // SHA-256 as a value, so that looking a key up allocates nothing.
    private readonly record struct KeyHash(UInt128 High, UInt128 Low)
    {
        public static KeyHash Of(ReadOnlySpan<byte> key)
        {
            Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
            SHA256.HashData(key, hash);
            return Read(hash);
        }

        public static KeyHash Parse(string hex) => Read(Convert.FromHexString(hex));

        private static KeyHash Read(ReadOnlySpan<byte> hash) => new(MemoryMarshal.Read<UInt128>(hash), MemoryMarshal.Read<UInt128>(hash[16..]));

        public override int GetHashCode() => (int)Low;
    }
}
