using Hypervize.Contracts;
using Hypervize.Endpoints.Keys;
using Hypervize.EventSourcing;

namespace Hypervize.Endpoints.Tests;

/// <summary>What is decided about the limits of a key.</summary>
public sealed class KeyLimitSpecs
{
    private const string Id = "key-0123456789ab";
    private static readonly RequestLimits Limits = new(RequestsPerMinute: 60, Concurrent: 4);
    private static readonly KeyIssued Issued = new(new(Id, "laptop", "hvz_live_Ab12", new('a', 64), [KeyScope.Inference], An.Morning), An.Owner, An.Morning);

    [Fact]
    public void A_key_is_given_limits()
    {
        var before = Account(Issued);
        Assert.Equal([new KeyLimited(Id, Limits, An.Owner, An.Noon)], Limit(before, Limits).Events);
        Assert.Equal(Limits, Account(Issued, new KeyLimited(Id, Limits, An.Owner, An.Noon)).Keys.Single().Limits);
    }

    [Fact]
    public void The_same_limits_again_are_no_change()
    {
        Assert.Empty(Limit(Account(Issued), null).Events);
        Assert.Empty(Limit(Account(Issued with { Key = Issued.Key with { Limits = Limits } }), new(60, 4)).Events);
        Assert.Empty(Limit(Account(Issued, new KeyLimited(Id, Limits, An.Owner, An.Noon)), new(60, 4)).Events);
    }

    [Fact]
    public void Limits_are_taken_away_again()
    {
        var limited = Account(Issued, new KeyLimited(Id, Limits, An.Owner, An.Noon));
        Assert.Equal([new KeyLimited(Id, null, An.Owner, An.Noon)], Limit(limited, null).Events);
        Assert.Null(Account(Issued, new KeyLimited(Id, Limits, An.Owner, An.Noon), new KeyLimited(Id, null, An.Owner, An.Noon)).Keys.Single().Limits);
    }

    [Fact]
    public void A_key_that_is_not_there_has_no_limits()
    {
        Assert.Equal((RefusalKind.NotFound, "key_not_found"), Refusal(Account(Issued, new KeyRevoked(Id, An.Owner, An.Noon))));
        Assert.Equal((RefusalKind.NotFound, "account_not_found"), Refusal(null));

        static (RefusalKind, string) Refusal(AccountState? it) => Limit(it, Limits).Refusal is { } refusal ? (refusal.Kind, refusal.Code) : default;
    }

    private static Decision<AccountEvent> Limit(AccountState? it, RequestLimits? limits) => AccountDecider.Limit(it, Id, limits, An.Owner, An.Noon);

    private static AccountState Account(params AccountEvent[] past) =>
        AccountLife.Fold.From(null, 0, [new AccountCreated("acct-0123456789ab", "acme", "bootstrap", An.Morning), .. past])!;
}
