using Hypervize.Contracts;
using Hypervize.Proxy.Spending;
using Microsoft.Extensions.Time.Testing;

namespace Hypervize.Proxy.Tests;

/// <summary>What the proxy knows of accounts' spending; <c>SpendSpecs</c> has it from billing.</summary>
public sealed class SpendTableSpecs
{
    private const string Account = "acct-000000000001";
    private readonly SpendTable _table = new(new FakeTimeProvider(Some.Noon));

    [Fact]
    public void What_is_older_than_what_is_known_changes_nothing()
    {
        _table.Apply([Reached(version: 7)], position: 10);
        _table.Apply([Free(version: 6)], position: 11);
        Assert.Equal("spend_cap_reached", _table.Refusal(Account)?.Code);
    }

    [Fact]
    public void When_the_log_went_back_what_was_known_of_it_counts_no_more()
    {
        _table.Apply([Reached(version: 7)], position: 10);
        _table.Apply([Free(version: 5)], position: 8);
        Assert.Null(_table.Refusal(Account));
    }

    private static VersionedSpend Reached(long version) => new(version, new(Account, 100, new("2026-11", 100, 101)));

    private static VersionedSpend Free(long version) => new(version, new(Account, 100, null));
}
