using System.Security.Cryptography;
using Hypervize.Contracts;
using Hypervize.Hosting;
using Hypervize.Hosting.Routing;
using Hypervize.Proxy.Keys;
using Hypervize.Proxy.Routing;
using Hypervize.Proxy.Spending;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Hypervize.Proxy.Tests;

/// <summary>What one run of the proxy leaves to the next.</summary>
public sealed class ReadModelKeeperSpecs : IDisposable
{
    private const string Account = "acct-000000000001";
    private readonly string _directory = Directory.CreateTempSubdirectory("hypervize-proxy-").FullName;
    private readonly IdentitySettings _identity = new() { SigningKey = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)) };
    private readonly FakeTimeProvider _time = new(Some.Noon);

    private string StateFile => Path.Combine(_directory, "read-model");

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    /// <summary>Billing's log went back while no proxy ran: the cap that is kept in the file was never reached.</summary>
    [Fact]
    public async Task The_next_run_knows_how_far_the_last_one_had_read_of_spending()
    {
        var (first, keeper) = await StartAsync();
        first.Apply([new(7, new(Account, 100, new("2026-11", 100, 101)))], position: 10);
        for (var tries = 0; !File.Exists(StateFile) && tries < 1000; tries++)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            await Task.Delay(10);
        }
        await keeper.StopAsync(CancellationToken.None);

        var (next, _) = await StartAsync();
        Assert.Equal("spend_cap_reached", next.Refusal(Account)?.Code);
        next.Apply([new(5, new(Account, 100, null))], position: 8);
        Assert.Null(next.Refusal(Account));
    }

    private async Task<(SpendTable Spending, ReadModelKeeper Keeper)> StartAsync()
    {
        var spending = new SpendTable(_time);
        var table = new RoutingTable(new KeyRing(), spending, _time);
        var file = new ReadModelFile(new ProxySettings { StateFile = StateFile }, _identity, NullLogger<ReadModelFile>.Instance);
        var keeper = new ReadModelKeeper(table, spending, new Contact(_time), file, _time, NullLogger<ReadModelKeeper>.Instance);
        await keeper.StartAsync(CancellationToken.None);
        table.Apply(new RoutingSnapshot(1, [new(1, Some.Endpoint("e"))], []));
        return (spending, keeper);
    }
}
