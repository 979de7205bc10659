using Hypervize.Bench.Load;
using Hypervize.Bench.Node;
using Hypervize.Cli.Platform;
using Hypervize.Cli.Running;

namespace Hypervize.Bench.Proxy;

/// <summary>
/// What proxies are measured with: the node behind them, load generators, a broker and a control plane for ours; all of it on another core
/// than theirs. Configurations and outputs are kept in a folder.
/// </summary>
internal sealed class Rig : IAsyncDisposable
{
    private readonly string _instance = DataDirectory.NewInstance("bench");
    private readonly BackingServices _backing;
    private readonly Wiring _wiring;
    private ControlPlane _plane = null!;

    private Rig()
    {
        _backing = BackingServices.Of(_instance);
        var ports = Ports.Free(ServiceTable.All.Count + 1);
        _wiring = new(_instance, Checkout.Root, _backing, ServiceTable.All.Select(s => s.Name).Append(Wiring.ProxyInternal).Zip(ports).ToDictionary(p => p.First, p => p.Second));
    }

    /// <summary>The folder in which everything is kept that was told to the contestants and said by them.</summary>
    public string Folder { get; } = RunFolder.New();

    /// <summary>The node.</summary>
    public NodeProcess Node { get; private set; } = null!;

    /// <summary>What plays the endpoints service to ours.</summary>
    public ControlPlane Plane => _plane;

    /// <summary>The key that all requests bear.</summary>
    public string Key => _plane.Key;

    /// <summary>wrk.</summary>
    public ClosedLoop Wrk { get; private set; } = null!;

    /// <summary>Variables for all that is started: by them it is found again, whatever happens.</summary>
    public IReadOnlyDictionary<string, string> Marked => new Dictionary<string, string> { [MarkedProcesses.Instance] = _instance };

    /// <summary>Sets it up.</summary>
    public static async Task<Rig> SetAsync(Action<string> progress, CancellationToken cancel)
    {
        var wrk = await Tool.FindAsync("wrk", "usr/bin", progress, cancel);
        var rig = new Rig();
        try
        {
            await Cores.MakeWayAsync(cancel);
            rig.Wrk = new(wrk.Program, wrk.Environment, Directory.CreateDirectory(Path.Combine(rig.Folder, "wrk")).FullName);
            await rig._backing.StartRabbitMqAsync(progress, cancel);
            rig.Node = await NodeProcess.StartAsync(rig.Folder, rig.Marked, cancel);
            rig._plane = await ControlPlane.StartAsync(
                rig._wiring.Url(ServiceTable.Endpoints), rig._wiring.SigningKey, rig._backing.RabbitMq.Uri, $"http://127.0.0.1:{rig.Node.Port}", cancel);
            return rig;
        }
        catch
        {
            await rig.DisposeAsync();
            throw;
        }
    }

    /// <summary>File that a contestant's output goes to.</summary>
    /// <param name="name">The contestant.</param>
    public string LogOf(string name) => Path.Combine(Folder, $"{name}.log");

    /// <summary>Starts ours: the proxy as the build made it, told what the command line tells it.</summary>
    public Task<Contestant> StartOursAsync(CancellationToken cancel)
    {
        var proxy = ServiceTable.All.Single(s => s.Name == ServiceTable.Proxy);
        var program = proxy.Program(Checkout.Root);
        var path = $"/api/d/{ControlPlane.Awake}/v1/chat/completions";
        return StartAsync(Contestants.Ours, _wiring.Ports[ServiceTable.Proxy], ["dotnet", program], _wiring.Environment(proxy), Path.GetDirectoryName(program)!, path, path, cancel);
    }

    /// <summary>Starts a contestant on the core of those that are measured, and waits until it passes requests on.</summary>
    public Task<Contestant> StartAsync(
        string name, int port, IReadOnlyList<string> command, IReadOnlyDictionary<string, string> environment, string folder, string path, string streamPath, CancellationToken cancel) =>
        new Contestant(name, port, path, streamPath, DetachedProcess.Start(LogOf(name), [.. Cores.Measured, .. command], environment, folder), command[0] == "dotnet").AnswersAsync(this, cancel);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_plane is not null) await _plane.DisposeAsync();
        if (Node is not null) await Node.DisposeAsync();
        await MarkedProcesses.EndAsync(_instance);
        await _backing.StopRabbitMqAsync();
        Directory.Delete(_instance, recursive: true);
    }
}
