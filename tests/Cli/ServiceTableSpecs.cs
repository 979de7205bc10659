using Hypervize.Cli.Platform;
using Hypervize.Cli.Running;

namespace Hypervize.Cli.Tests;

/// <summary>Services are told what they read, no less and no more.</summary>
public sealed class ServiceTableSpecs : IDisposable
{
    // Read by the framework, and by us.
    private static readonly string[] Others = ["ASPNETCORE_URLS", MarkedProcesses.Instance];

    private readonly Scratch _scratch = new();

    public static TheoryData<string> Services =>
        [.. Directory.GetDirectories(Path.Combine(Checkout.Root, "services")).Where(d => Directory.GetFiles(d, "*.csproj").Length > 0).Select(d => Path.GetFileName(d)!)];

    [Theory, MemberData(nameof(Services))]
    public void Every_service_is_listed(string service) => Assert.Single(ServiceTable.All, s => s.Name == service);

    [Theory, MemberData(nameof(Services))]
    public async Task What_a_service_is_told_it_reads(string service)
    {
        var read = await SettingsAsync(service);
        Assert.Empty(Told(service).Except(Others).Except(read.Select(s => s.Name)));
    }

    [Theory, MemberData(nameof(Services))]
    public async Task What_a_service_must_know_it_is_told(string service)
    {
        var read = await SettingsAsync(service);
        Assert.Empty(read.Where(s => s.Required).Select(s => s.Name).Except(Told(service)));
    }

    [Fact]
    public void Keys_are_made_once_and_look_like_keys()
    {
        var key = Wiring().OperatorKey;
        Assert.Matches("^hvz_live_[0-9A-Za-z]{33}$", key);
        Assert.Equal(key, Wiring().OperatorKey);
        Assert.Equal(32, Convert.FromBase64String(Wiring().SigningKey).Length);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Wiring().OperatorKeyFile));
    }

    public void Dispose() => _scratch.Dispose();

    private Wiring Wiring() => new(
        _scratch.Folder, Checkout.Root, BackingServices.Of(_scratch.Folder),
        ServiceTable.All.Select(s => s.Name).Append(Running.Wiring.ProxyInternal).Select((name, i) => (name, i)).ToDictionary(s => s.name, s => 12_000 + s.i));

    private IEnumerable<string> Told(string service) => Wiring().Environment(ServiceTable.All.Single(s => s.Name == service)).Keys;

    private static async Task<IReadOnlyList<(string Name, bool Required)>> SettingsAsync(string service)
    {
        var program = ServiceTable.All.Single(s => s.Name == service).Program(Checkout.Root);
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        var (exitCode, output) = await Executables.RunAsync("dotnet", [program, "--settings"], patience.Token);
        Assert.True(exitCode == 0, output);
        return [.. output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => l.Split('\t')).Select(f => (f[0], f[3] == "required"))];
    }
}
