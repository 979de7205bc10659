using System.Collections.Concurrent;
using System.Globalization;
using Hypervize.Contracts;
using Hypervize.Proxy.Forwarding;

namespace Hypervize.Proxy.Spending;

/// <summary>What accounts have spent their month's cap, as billing announces it: by messages that may be lost or out of order, and by snapshots.</summary>
/// <param name="time">Time: a cap that was reached in another month is none, whether or not billing has said so yet.</param>
public sealed class SpendTable(TimeProvider time)
{
    private readonly ConcurrentDictionary<string, VersionedSpend> _accounts = new(StringComparer.Ordinal);

    /// <summary>Log position of the newest snapshot; 0 before the first.</summary>
    public long Position { get; private set; }

    /// <summary>All that is known.</summary>
    public IReadOnlyCollection<VersionedSpend> Accounts => [.. _accounts.Values];

    /// <summary>Why calls of an account's endpoints are refused; null while they are not.</summary>
    /// <param name="accountId">The account that pays.</param>
    internal InferenceError? Refusal(string accountId) =>
        _accounts.TryGetValue(accountId, out var known) && known.State.Reached is { } cap && cap.Month == time.GetUtcNow().ToString("yyyy-MM", CultureInfo.InvariantCulture)
            ? InferenceError.SpendCapReached(cap)
            : null;

    /// <summary>Whether a version of an account's spending was heard of.</summary>
    /// <param name="stream">Its stream.</param>
    /// <param name="version">The version.</param>
    public bool IsHeardOf(string stream, long version) =>
        stream.StartsWith(StreamPrefix, StringComparison.Ordinal) && _accounts.TryGetValue(stream[StreamPrefix.Length..], out var known) && known.Version >= version;

    /// <summary>Takes in a message.</summary>
    /// <param name="message">The message.</param>
    public void Apply(SpendChanged message) => Know(new(message.Version, message.State));

    /// <summary>
    /// Takes in a snapshot, or what an earlier run knew. Positions never go back within a log; where they do, it is another log, and nothing that was known of the
    /// old one counts.
    /// </summary>
    /// <param name="accounts">Accounts.</param>
    /// <param name="position">Log position up to which it holds everything.</param>
    public void Apply(IEnumerable<VersionedSpend> accounts, long position)
    {
        if (position < Position) _accounts.Clear();
        foreach (var account in accounts) Know(account);
        Position = position;
    }

    private const string StreamPrefix = "spend-";

    private void Know(VersionedSpend spend) => _accounts.AddOrUpdate(spend.State.AccountId, spend, (_, known) => known.Version >= spend.Version ? known : spend);
}
