using System.Diagnostics;
using Hypervize.Cli.Platform;

namespace Hypervize.Cli.Running;

/// <summary>
/// The platform on this machine: its servers and its services, in one instance's folder. Ports and processes are kept there, so that any
/// command can go on with what another began.
/// </summary>
public sealed class Installation
{
    /// <summary>The port people expect.</summary>
    public const int UsualPort = 8080;

    /// <summary>How long a service may take to end after it was told to, before it is ended.</summary>
    public static readonly TimeSpan Shutdown = TimeSpan.FromSeconds(20);

    private readonly Lock _noting = new();
    private readonly string _checkout;
    private State _state;

    private Installation(string folder, string checkout)
    {
        (Folder, _checkout) = (Path.GetFullPath(folder), checkout);
        Backing = BackingServices.Of(Folder);
        _state = PrivateFile.ReadJson<State>(StateFile) ?? new();
    }

    /// <summary>The instance's folder.</summary>
    public string Folder { get; }

    /// <summary>PostgreSQL and RabbitMQ.</summary>
    public BackingServices Backing { get; }

    /// <summary>What the services are told. Before the first start there are no ports yet.</summary>
    public Wiring Wiring => new(Folder, _checkout, Backing, _state.Ports);

    /// <summary>Whether any service runs.</summary>
    public bool Runs => ServiceTable.All.Any(s => ProcessOf(s.Name) is not null);

    private string StateFile => Path.Combine(Folder, "services.json");

    /// <summary>The installation of an instance, running or not.</summary>
    /// <param name="folder">The instance's folder.</param>
    /// <param name="checkout">The checkout whose programs run; null for this one.</param>
    public static Installation Of(string folder, string? checkout = null) => new(folder, checkout ?? Checkout.Root);

    /// <summary>The process of a service; null when it does not run.</summary>
    /// <param name="service">The service.</param>
    public DetachedProcess? ProcessOf(string service) => _state.Processes.GetValueOrDefault(service) is { IsAlive: true } process ? process : null;

    /// <summary>Whether a service was started and has ended without being stopped.</summary>
    /// <param name="service">The service.</param>
    public bool Died(string service) => _state.Processes.ContainsKey(service) && ProcessOf(service) is null;

    /// <summary>The file a service's output goes to.</summary>
    /// <param name="service">The service.</param>
    public string LogOf(string service) => Path.Combine(Folder, "logs", $"{service}.log");

    /// <summary>Starts what does not run and waits until all is ready. When that fails, what was started with it is stopped.</summary>
    /// <param name="progress">Told what happens.</param>
    /// <param name="cancel">Stops.</param>
    /// <returns>From the start of the services, their servers running, to all ready.</returns>
    public Task<TimeSpan> StartAsync(Action<string> progress, CancellationToken cancel) => ChangeAsync(async () =>
    {
        var wholly = !Runs;
        try
        {
            await Backing.StartAsync(progress, cancel);
            return await StartAllAsync(progress, cancel);
        }
        catch when (wholly)
        {
            await StopAllAsync(_ => { });
            throw;
        }
    }, cancel);

    /// <summary>Starts one service, at the address it had, and waits until it is ready.</summary>
    /// <param name="service">The service.</param>
    /// <param name="cancel">Stops.</param>
    public Task StartServiceAsync(string service, CancellationToken cancel) => ChangeAsync(async () =>
    {
        Spawn(ServiceTable.All.Single(s => s.Name == service));
        await ReadyAsync(service, cancel);
        return true;
    }, cancel);

    /// <summary>Stops one service in order.</summary>
    /// <param name="service">The service.</param>
    public Task StopServiceAsync(string service) => ChangeAsync(async () =>
    {
        await EndAsync(service);
        return true;
    }, CancellationToken.None);

    /// <summary>Ends one service at once, as a crash would.</summary>
    /// <param name="service">The service.</param>
    public Task KillServiceAsync(string service) => ProcessOf(service)?.KillAsync() ?? Task.CompletedTask;

    /// <summary>Stops everything, nodes too: the front door first, the servers last. Nothing is left running.</summary>
    /// <param name="progress">Told what happens.</param>
    public Task StopAsync(Action<string> progress) => ChangeAsync(async () =>
    {
        await StopAllAsync(progress);
        return true;
    }, CancellationToken.None);

    private async Task StopAllAsync(Action<string> progress)
    {
        if (ServiceTable.All.All(s => ProcessOf(s.Name) is null) && Backing is { PostgresProcess: null, RabbitMqProcess: null } && (await MarkedProcesses.FindAsync(Folder)).Count == 0) return;
        progress("Closing the front door");
        await EndAsync(ServiceTable.Proxy);
        progress("Stopping services");
        await Task.WhenAll(ServiceTable.All.Select(s => EndAsync(s.Name)));
        progress("Stopping PostgreSQL and RabbitMQ");
        await Backing.StopAsync();
        progress("Stopping nodes");
        // The provisioner's next run tells by it why they are gone.
        await File.WriteAllTextAsync(Path.Combine(Wiring.Place("nodes"), "stopped"), "");
        await MarkedProcesses.EndAsync(Folder);
    }

    private async Task<TimeSpan> StartAllAsync(Action<string> progress, CancellationToken cancel)
    {
        if (!Runs) ChoosePorts(_state.Ports);
        var started = Stopwatch.GetTimestamp();
        foreach (var service in ServiceTable.All) Spawn(service);
        var waiting = ServiceTable.All.Select(s => s.Name).ToHashSet();
        progress($"Waiting for {string.Join(", ", waiting)}");
        using var others = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        PlatformException? failure = null;
        await Task.WhenAll(ServiceTable.All.Select(async service =>
        {
            try
            {
                await ReadyAsync(service.Name, others.Token);
                lock (waiting)
                {
                    waiting.Remove(service.Name);
                    if (waiting.Count > 0) progress($"Waiting for {string.Join(", ", waiting)}");
                }
            }
            catch (PlatformException e)
            {
                failure ??= e;
                await others.CancelAsync(); // One that can't start is reason enough; the others need not be waited for.
            }
            catch (OperationCanceledException) when (failure is not null)
            {
            }
        }));
        if (failure is not null) throw failure;
        return Stopwatch.GetElapsedTime(started);
    }

    /// <summary>Chooses a free port for each service, and one more for the proxy; no two alike, though none of them is listened on yet.</summary>
    /// <param name="ports">Those that they had the last time, which clients know; changed where that can't be.</param>
    internal static void ChoosePorts(IDictionary<string, int> ports)
    {
        // Base URLs are given out with its first port, so the front door has that one whenever it is free.
        if (!ports.TryGetValue(Wiring.ProxyFirst, out var first))
            ports[Wiring.ProxyFirst] = first = ports.TryGetValue(ServiceTable.Proxy, out var before) ? before : Ports.IsFree(UsualPort) ? UsualPort : Ports.Free();
        if (Ports.IsFree(first)) ports[ServiceTable.Proxy] = first;
        var chosen = new HashSet<int>();
        foreach (var name in ServiceTable.All.Select(s => s.Name).Append(Wiring.ProxyInternal))
        {
            if (ports.TryGetValue(name, out var last) && Ports.IsFree(last) && chosen.Add(last)) continue;
            var port = Ports.Free();
            while (!chosen.Add(port)) port = Ports.Free();
            ports[name] = port;
        }
    }

    private void Spawn(ServiceDefinition service)
    {
        if (ProcessOf(service.Name) is not null) return;
        var program = service.Program(_checkout);
        if (!File.Exists(program)) throw new PlatformException($"{service.Name} is not built: {program} is missing. Run dotnet build in {_checkout}.");
        Directory.CreateDirectory(Path.GetDirectoryName(LogOf(service.Name))!);
        var process = DetachedProcess.Start(LogOf(service.Name), ["dotnet", program], Wiring.Environment(service), Path.GetDirectoryName(program)!);
        Note(() => _state.Processes[service.Name] = process);
    }

    private Task ReadyAsync(string service, CancellationToken cancel) =>
        Readiness.WaitAsync(service, Wiring.Url(service), _state.Processes[service], LogOf(service), cancel);

    private async Task EndAsync(string service)
    {
        if (_state.Processes.TryGetValue(service, out var process)) await process.StopAsync(PosixSignalNumber.Terminate, Shutdown);
        Note(() => _state.Processes.Remove(service));
    }

    private async Task<T> ChangeAsync<T>(Func<Task<T>> change, CancellationToken cancel)
    {
        using var turn = await InstanceLock.AcquireAsync(Folder, "services", cancel);
        _state = PrivateFile.ReadJson<State>(StateFile) ?? _state; // Another command may have changed it.
        return await change();
    }

    // Written down as soon as it is known: who starts a process must not forget it, whatever happens next.
    private void Note(Action change)
    {
        lock (_noting)
        {
            change();
            PrivateFile.WriteJson(StateFile, _state);
        }
    }

    private sealed class State
    {
        public Dictionary<string, int> Ports { get; init; } = [];
        public Dictionary<string, DetachedProcess> Processes { get; init; } = [];
    }
}
