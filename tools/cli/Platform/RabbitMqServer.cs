using System.Globalization;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace Hypervize.Cli.Platform;

/// <summary>A private RabbitMQ node: own data, own ports on loopback (epmd's too), own user and password, own Erlang cookie.</summary>
/// <param name="instance">The instance's folder.</param>
/// <param name="ports">Ports on loopback: AMQP, Erlang distribution, epmd.</param>
/// <param name="password">Password of its one user.</param>
/// <param name="virtualHosts">Virtual hosts to have beside the default one.</param>
public sealed class RabbitMqServer(string instance, (int Amqp, int Distribution, int Epmd) ports, string password, IReadOnlyList<string> virtualHosts)
{
    private const string User = "hypervize";
    private static readonly TimeSpan StartUp = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan Shutdown = TimeSpan.FromSeconds(30);

    private static readonly string[] Places = ["/usr/lib/rabbitmq/lib", "/opt/homebrew/opt/rabbitmq", "/usr/local/opt/rabbitmq"];

    private readonly string _folder = Path.Combine(instance, "rabbitmq");

    /// <summary>The file its output goes to.</summary>
    public string Log => Path.Combine(_folder, "rabbitmq.log");

    /// <summary>Its AMQP port on loopback.</summary>
    public int Port => ports.Amqp;

    /// <summary>AMQP URI.</summary>
    public string Uri => $"amqp://{User}:{password}@127.0.0.1:{ports.Amqp}/";

    /// <summary>AMQP URI of a virtual host.</summary>
    /// <param name="virtualHost">One of those it was made with.</param>
    public string UriOf(string virtualHost) => Uri + virtualHost;

    /// <summary>Starts the broker and waits until it answers; nothing of it is left when it does not.</summary>
    /// <param name="progress">Told what happens.</param>
    /// <param name="epmdStarted">Told the process of epmd, which Erlang nodes find each other by.</param>
    /// <param name="brokerStarted">Told the process of the broker.</param>
    /// <param name="cancel">Stops.</param>
    public async Task StartAsync(Action<string> progress, Action<DetachedProcess> epmdStarted, Action<DetachedProcess> brokerStarted, CancellationToken cancel)
    {
        Directory.CreateDirectory(_folder);
        var startable = await InstallationAsync(progress, cancel) is { } installation ? Prepare(installation) : await PrepareContainerAsync(cancel);

        progress("Starting RabbitMQ");
        DetachedProcess? epmd = null, broker = null;
        try
        {
            if (startable.Epmd is { } own) epmdStarted(epmd = DetachedProcess.Start(Log, own, startable.Environment, _folder));
            brokerStarted(broker = DetachedProcess.Start(Log, startable.Broker, startable.Environment, _folder));
            await WaitUntilItAnswersAsync(broker, cancel);
            if (startable.Container is { } container) await AddVirtualHostsAsync(container, cancel);
        }
        catch
        {
            if (broker is not null) await broker.KillAsync();
            if (epmd is not null) await epmd.KillAsync();
            throw;
        }
    }

    /// <summary>Stops the broker in order.</summary>
    /// <param name="broker">The broker.</param>
    public static Task StopAsync(DetachedProcess broker) => broker.StopAsync(PosixSignalNumber.Terminate, Shutdown);

    private sealed record Installation(string Home, string ErlangBin, string Epmd, string? RelocatedErlang, IReadOnlyDictionary<string, string> Libraries);

    private sealed record Startable(IReadOnlyList<string>? Epmd, IReadOnlyList<string> Broker, IReadOnlyDictionary<string, string> Environment, Container? Container = null);

    /// <returns>Where it is; null when a container must do.</returns>
    private static async Task<Installation?> InstallationAsync(Action<string> progress, CancellationToken cancel)
    {
        // Not the rabbitmq-server on PATH: Debian's wrapper insists on a user of its own. The scripts behind it do not.
        if (HomeIn(Places) is { } home && Executables.Find("erl") is { } erl && Executables.Find("epmd") is { } epmd)
            return new(home, Path.GetDirectoryName(erl)!, epmd, null, new Dictionary<string, string>());
        if (!DebianPackages.Available)
            return await Container.EngineAnswersAsync(cancel) ? null
                : throw new MissingOnThisMachineException("Install RabbitMQ 3.10 or newer (Fedora: dnf install rabbitmq-server; macOS: brew install rabbitmq). It need not be started.");

        var root = await DebianPackages.UnpackAsync("rabbitmq-server", progress, cancel);
        var broker = HomeIn([Path.Combine(root, "usr/lib/rabbitmq/lib")]) ?? throw new PlatformException($"{root} lacks the broker. Remove that folder and try again.");
        var libraries = DebianPackages.Libraries(root);
        // Where Erlang is installed already, it was not downloaded.
        var erlang = Path.Combine(root, "usr/lib/erlang");
        if (Directory.Exists(erlang) && Directory.GetDirectories(erlang, "erts-*") is [var runtime])
            return new(broker, Path.Combine(runtime, "bin"), Path.Combine(runtime, "bin", "epmd"), erlang, libraries);
        if (Executables.Find("erl") is { } installed && Executables.Find("epmd") is { } mapper)
            return new(broker, Path.GetDirectoryName(installed)!, mapper, null, libraries);
        throw new MissingOnThisMachineException("Install Erlang: apt-get install erlang-base.");
    }

    private static string? HomeIn(IEnumerable<string> places) => places
        .Where(Directory.Exists).SelectMany(f => Directory.GetDirectories(f, "rabbitmq_server-*").Append(f))
        .FirstOrDefault(f => File.Exists(Path.Combine(f, "sbin", "rabbitmq-server")));

    private Startable Prepare(Installation installation)
    {
        WriteConfiguration();
        // epmd is started by ourselves, or the broker starts one that nobody can end by its pid.
        return new(
            [installation.Epmd, "-address", "127.0.0.1", "-port", Text(ports.Epmd)],
            ["/bin/sh", Path.Combine(installation.Home, "sbin", "rabbitmq-server")], Environment(installation));
    }

    private async Task<Startable> PrepareContainerAsync(CancellationToken cancel)
    {
        var container = new Container($"hypervize-{Path.GetFileName(instance)}-rabbitmq", "rabbitmq:3", "/var/lib/rabbitmq");
        await container.EndAsync(cancel);
        return new(null, container.Run(ports.Amqp, 5672, ["RABBITMQ_DEFAULT_USER", "RABBITMQ_DEFAULT_PASS"]), new Dictionary<string, string>
        {
            ["RABBITMQ_DEFAULT_USER"] = User, ["RABBITMQ_DEFAULT_PASS"] = password, [MarkedProcesses.Instance] = instance,
        }, container);
    }

    private async Task AddVirtualHostsAsync(Container container, CancellationToken cancel)
    {
        foreach (var name in virtualHosts)
        {
            await container.ExecuteAsync(["rabbitmqctl", "add_vhost", name], cancel);
            await container.ExecuteAsync(["rabbitmqctl", "set_permissions", "--vhost", name, User, ".*", ".*", ".*"], cancel);
        }
    }

    private void WriteConfiguration()
    {
        foreach (var name in (string[])["mnesia", "log", "home", "bin"]) Directory.CreateDirectory(Path.Combine(_folder, name));
        PrivateFile.Write(Path.Combine(_folder, "rabbitmq.conf"), $"""
            listeners.tcp.1 = 127.0.0.1:{ports.Amqp}
            load_definitions = {Path.Combine(_folder, "definitions.json")}
            disk_free_limit.absolute = 50MB
            log.file = false
            log.console = true
            log.console.level = warning

            """);
        PrivateFile.WriteJson(Path.Combine(_folder, "definitions.json"), Definitions());
        File.WriteAllText(Path.Combine(_folder, "enabled_plugins"), "[].\n");
        var cookie = Path.Combine(_folder, "home", ".erlang.cookie");
        if (File.Exists(cookie)) return;
        PrivateFile.Write(cookie, Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16)));
        File.SetUnixFileMode(cookie, UnixFileMode.UserRead); // Erlang refuses any other.
    }

    private object Definitions()
    {
        string[] names = ["/", .. virtualHosts];
        return new
        {
            vhosts = names.Select(name => new { name }),
            users = (object[])[new { name = User, password, tags = "administrator" }],
            permissions = names.Select(vhost => new { user = User, vhost, configure = ".*", write = ".*", read = ".*" }),
        };
    }

    private Dictionary<string, string> Environment(Installation installation)
    {
        var bin = Path.Combine(_folder, "bin");
        var environment = new Dictionary<string, string>(installation.Libraries)
        {
            ["PATH"] = string.Join(Path.PathSeparator, bin, installation.ErlangBin, System.Environment.GetEnvironmentVariable("PATH")),
            ["HOME"] = Path.Combine(_folder, "home"),
            ["RABBITMQ_HOME"] = installation.Home,
            ["RABBITMQ_NODENAME"] = "hypervize@localhost", // Nodes of other instances have another epmd; the name leads to the data.
            ["RUNNING_UNDER_SYSTEMD"] = "true", // The script makes way for Erlang, so that the pid is the broker's.
            ["RABBITMQ_MNESIA_BASE"] = Path.Combine(_folder, "mnesia"),
            ["RABBITMQ_LOG_BASE"] = Path.Combine(_folder, "log"),
            ["RABBITMQ_CONFIG_FILE"] = Path.Combine(_folder, "rabbitmq.conf"),
            ["RABBITMQ_ENABLED_PLUGINS_FILE"] = Path.Combine(_folder, "enabled_plugins"),
            ["RABBITMQ_PID_FILE"] = Path.Combine(_folder, "rabbitmq.pid"),
            ["RABBITMQ_CONF_ENV_FILE"] = "/dev/null",
            ["RABBITMQ_DIST_PORT"] = Text(ports.Distribution),
            // Loopback only, and no spinning while idle.
            ["RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS"] = "-kernel inet_dist_use_interface {127,0,0,1} +sbwt none +sbwtdcpu none +sbwtdio none",
            ["ERL_EPMD_PORT"] = Text(ports.Epmd),
            ["ERL_EPMD_ADDRESS"] = "127.0.0.1",
            [MarkedProcesses.Instance] = instance,
        };
        if (installation.RelocatedErlang is { } erlang) WriteErl(bin, erlang, installation.ErlangBin);
        return environment;
    }

    // The packaged erl knows only the place it was built for.
    private static void WriteErl(string bin, string erlang, string erlangBin)
    {
        var erl = Path.Combine(bin, "erl");
        File.WriteAllText(erl, $"""
            #!/bin/sh
            ROOTDIR='{erlang}' BINDIR='{erlangBin}' EMU=beam PROGNAME=erl
            export ROOTDIR BINDIR EMU PROGNAME
            exec "$BINDIR/erlexec" "$@"

            """);
        File.SetUnixFileMode(erl, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    private async Task WaitUntilItAnswersAsync(DetachedProcess broker, CancellationToken cancel)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        patience.CancelAfter(StartUp);
        while (true)
        {
            try
            {
                // The listener opens last: who is answered finds a broker that is ready. (A container's port is open before that.)
                using var client = new TcpClient();
                await client.ConnectAsync("127.0.0.1", ports.Amqp, patience.Token);
                await client.GetStream().WriteAsync("AMQP\0\0\t\u0001"u8.ToArray(), patience.Token);
                if (await client.GetStream().ReadAsync(new byte[8], patience.Token) > 0) return;
                await Task.Delay(50, cancel);
            }
            catch (Exception e) when (e is SocketException or IOException || (e is OperationCanceledException && !cancel.IsCancellationRequested))
            {
                cancel.ThrowIfCancellationRequested(); // A refused connection may have come first.
                if (!broker.IsAlive || patience.IsCancellationRequested)
                    throw new PlatformException($"RabbitMQ did not start. Its log, {Log}, ends:\n{LogTail.Of(Log)}");
                await Task.Delay(50, cancel);
            }
        }
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
