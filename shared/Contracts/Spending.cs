using System.Text.Json.Serialization;

namespace Hypervize.Contracts;

/// <summary>What an account may spend in a month, and whether it has.</summary>
/// <param name="AccountId">The account.</param>
/// <param name="CapUsd">US dollars per calendar month (UTC); null for no cap.</param>
/// <param name="Reached">That the cap was reached: no inference until it is lifted; null while it is not.</param>
public sealed record SpendState(string AccountId, decimal? CapUsd, ReachedCap? Reached);

/// <summary>A cap that was reached.</summary>
/// <param name="Month">Calendar month (UTC) it was reached in, such as <c>2026-11</c>; another month lifts it.</param>
/// <param name="CapUsd">The cap, US dollars.</param>
/// <param name="SpentUsd">What had been spent when that was noticed, US dollars.</param>
public sealed record ReachedCap(string Month, decimal CapUsd, decimal SpentUsd);

/// <summary>A fact in the stream of an account's spending, which billing owns. The stored event is the published fact.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(SpendCapSet), "spend_cap_set")]
[JsonDerivedType(typeof(SpendCapReached), "spend_cap_reached")]
[JsonDerivedType(typeof(SpendCapLifted), "spend_cap_lifted")]
public abstract record SpendEvent
{
    private protected SpendEvent() { }

    /// <summary>When it happened.</summary>
    public abstract DateTimeOffset At { get; init; }
}

/// <summary>The account chose a cap, another cap, or none.</summary>
/// <param name="AccountId">The account.</param>
/// <param name="MonthlyUsd">US dollars per calendar month (UTC); null removes the cap.</param>
/// <param name="By">Who: a key's prefix.</param>
/// <param name="At">When.</param>
public sealed record SpendCapSet(string AccountId, decimal? MonthlyUsd, string By, DateTimeOffset At) : SpendEvent;

/// <summary>The month's spending reached the cap.</summary>
/// <param name="Month">Calendar month (UTC), such as <c>2026-11</c>.</param>
/// <param name="CapUsd">The cap, US dollars.</param>
/// <param name="SpentUsd">What was spent in the month, running meters included, US dollars.</param>
/// <param name="At">When that was noticed.</param>
public sealed record SpendCapReached(string Month, decimal CapUsd, decimal SpentUsd, DateTimeOffset At) : SpendEvent;

/// <summary>The cap is not reached any more.</summary>
/// <param name="Reason">A new month, or a cap that was raised or removed, in words.</param>
/// <param name="At">When.</param>
public sealed record SpendCapLifted(string Reason, DateTimeOffset At) : SpendEvent;

/// <summary>One fact of an account's spending and the state after it. Published once per stored event, in order per account.</summary>
/// <param name="AccountId">The account.</param>
/// <param name="Version">Stream version of the fact, from 1, without gaps.</param>
/// <param name="Position">Position in billing's whole log; compares with <see cref="SpendSnapshot.Position"/>.</param>
/// <param name="EventId">Id of the stored event; also the message id.</param>
/// <param name="Fact">The fact.</param>
/// <param name="State">The state after it.</param>
public sealed record SpendChanged(string AccountId, long Version, long Position, Guid EventId, SpendEvent Fact, SpendState State);

/// <summary>
/// The spending of all accounts that ever had a cap, from billing's <c>GET /internal/spending</c>; with <c>?knownPosition=</c>, 204 when
/// the log stands there still.
/// </summary>
/// <param name="Position">Log position up to which the snapshot certainly holds everything.</param>
/// <param name="Accounts">Accounts that have a cap, or had one.</param>
public sealed record SpendSnapshot(long Position, IReadOnlyList<VersionedSpend> Accounts);

/// <summary>An account's spending and the stream version it stands at.</summary>
/// <param name="Version">Stream version.</param>
/// <param name="State">The state after it.</param>
public sealed record VersionedSpend(long Version, SpendState State);
