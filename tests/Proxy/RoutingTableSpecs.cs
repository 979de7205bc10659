using Hypervize.Contracts;
using Hypervize.Hosting.Routing;
using Hypervize.Proxy.Keys;
using Hypervize.Proxy.Routing;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Time.Testing;

namespace Hypervize.Proxy.Tests;

public sealed class RoutingTableSpecs
{
    private readonly FakeTimeProvider _time = new(Some.Noon);
    private readonly KeyRing _keys = new();
    private readonly RoutingTable _table;
    private readonly Contact _contact;
    private readonly KeyCheck _check;
    private readonly string _key = Some.NewKey();

    public RoutingTableSpecs()
    {
        _table = new(_keys, new(_time), _time);
        _contact = new(_time);
        _check = new(_keys, _table, _contact, new ProxySettings { KeysMaxAgeSeconds = 60 }, _time);
    }

    [Fact]
    public void Each_newer_state_is_told_once_and_deletions_too()
    {
        var told = new List<(long, EndpointStatus)>();
        _table.Changed += e => told.Add((e.Version, e.State.Status));
        var created = Some.Changed(Some.Endpoint("e", EndpointStatus.Building), 1, 1);
        _table.Apply(created);
        _table.Apply(created);
        _table.Apply(new RoutingSnapshot(2, [new(2, Some.Endpoint("e"))], []));
        _table.Apply(Some.Changed(Some.Endpoint("e"), 2, 2));
        _table.Apply(new RoutingSnapshot(3, [], []));
        Assert.Equal([(1, EndpointStatus.Building), (2, EndpointStatus.Up), (3, EndpointStatus.Deleted)], told);
        Assert.True(_table.TryGet("e", out var gone));
        Assert.Equal(EndpointStatus.Deleted, gone.State.Status);
    }

    [Fact]
    public void A_message_alone_does_not_make_it_present_but_a_snapshot_does()
    {
        _table.Apply(Some.Changed(Some.Endpoint("e"), 1, 1));
        Assert.False(_table.IsPresent);
        _table.Apply(new RoutingSnapshot(0, [], []));
        Assert.True(_table.IsPresent);
        Assert.True(_table.TryGet("e", out _));
    }

    [Fact]
    public void Keys_come_and_go_with_their_accounts_messages_and_snapshots()
    {
        _contact.EndpointsAnswered();
        _table.Apply(new RoutingSnapshot(1, [], [new(1, Some.Account("acct-1", _key))]));
        Assert.Equal(KeyVerdict.Good, Check(_key));

        _table.Apply(Some.Changed(Some.Account("acct-1"), version: 2, position: 2));
        Assert.Equal(KeyVerdict.Unknown, Check(_key));

        _table.Apply(Some.Changed(Some.Account("acct-1", _key), version: 1, position: 1));
        Assert.Equal(KeyVerdict.Unknown, Check(_key));
    }

    [Fact]
    public void A_proxy_that_is_cut_off_believes_its_keys_for_so_long_and_no_longer()
    {
        Assert.Equal(KeyVerdict.NotReady, Check(_key));
        _contact.EndpointsAnswered();
        _table.Apply(new RoutingSnapshot(1, [], [new(1, Some.Account("acct-1", _key))]));
        _contact.BusCameUp();

        _time.Advance(TimeSpan.FromDays(1));
        Assert.Equal(KeyVerdict.Good, Check(_key));

        _contact.BusWentDown();
        _contact.EndpointsFailed("refused");
        _time.Advance(TimeSpan.FromSeconds(60));
        Assert.Equal(KeyVerdict.Good, Check(_key));
        Assert.Equal(Some.Noon.AddDays(1), _contact.CutOffSince);

        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(KeyVerdict.Stale, Check(_key));

        _contact.EndpointsAnswered();
        Assert.Equal(KeyVerdict.Good, Check(_key));
        Assert.Null(_contact.CutOffSince);
    }

    [Theory]
    [InlineData("Authorization", "Bearer {0}", KeyVerdict.Good)]
    [InlineData("Authorization", "bearer  {0} ", KeyVerdict.Good)]
    [InlineData("x-api-key", "{0}", KeyVerdict.Good)]
    [InlineData("Authorization", "Basic {0}", KeyVerdict.Missing)]
    [InlineData("Authorization", "{0}", KeyVerdict.Missing)]
    [InlineData("Authorization", "Bearer ", KeyVerdict.Missing)]
    [InlineData("Authorization", "Bearer eyJhbGciOiJub25lIn0.e30.", KeyVerdict.Unknown)]
    [InlineData("X-Forwarded-User", "{0}", KeyVerdict.Missing)]
    public void A_key_is_read_from_two_headers_only(string header, string format, KeyVerdict expected)
    {
        _contact.EndpointsAnswered();
        _table.Apply(new RoutingSnapshot(1, [], [new(1, Some.Account("acct-1", _key))]));
        var request = new DefaultHttpContext().Request;
        request.Headers[header] = string.Format(System.Globalization.CultureInfo.InvariantCulture, format, _key);
        Assert.Equal(expected, _check.Check(request, out _));
    }

    private KeyVerdict Check(string key)
    {
        var request = new DefaultHttpContext().Request;
        request.Headers.Authorization = $"Bearer {key}";
        return _check.Check(request, out _);
    }
}
