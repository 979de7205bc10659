using System.Globalization;
using System.Net.Sockets;

namespace Hypervize.Cli.Platform;

/// <summary>A private RabbitMQ node: own data, own ports on loopback (epmd's too), own user and password, own Erlang cookie.</summary>
/// <param name="folder">Where its files are.</param>
/// <param name="ports">Ports on loopback: AMQP, Erlang distribution, epmd.</param>
/// <param name="password">Password of its one user.</param>
public sealed class RabbitMqServer(string folder, (int Amqp, int Distribution, int Epmd) ports, string password)
{
    private const string User = "hypervize";
    private static readonly TimeSpan StartUp = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan Shutdown = TimeSpan.FromSeconds(30);

    private static readonly string[] Packages =
    [
        "rabbitmq-server", "erlang-base", "erlang-asn1", "erlang-crypto", "erlang-eldap", "erlang-ftp", "erlang-inets", "erlang-mnesia", "erlang-os-mon",
        "erlang-parsetools", "erlang-public-key", "erlang-runtime-tools", "erlang-snmp", "erlang-ssl", "erlang-syntax-tools", "erlang-tftp", "erlang-tools", "erlang-xmerl",
    ];

    private static readonly string[] Places = ["/usr/lib/rabbitmq/lib", "/opt/homebrew/opt/rabbitmq", "/usr/local/opt/rabbitmq"];

    private string Log => Path.Combine(folder, "rabbitmq.log");

    /// <summary>AMQP URI.</summary>
    public string Uri => $"amqp://{User}:{password}@127.0.0.1:{ports.Amqp}/";

    /// <summary>Starts the broker and waits until it answers.</summary>
    /// <param name="progress">Told what happens.</param>
    /// <param name="cancel">Stops.</param>
    /// <returns>epmd, which Erlang nodes find each other by, and the broker.</returns>
    public async Task<(DetachedProcess Epmd, DetachedProcess Broker)> StartAsync(Action<string> progress, CancellationToken cancel)
    {
        var installation = await InstallationAsync(progress, cancel);
        progress("Starting RabbitMQ");
        await WriteConfigurationAsync(cancel);
        var environment = Environment(installation);
        var epmd = DetachedProcess.Start(Log, [installation.Epmd, "-address", "127.0.0.1", "-port", Text(ports.Epmd)], environment, folder);
        var broker = DetachedProcess.Start(Log, ["/bin/sh", Path.Combine(installation.Home, "sbin", "rabbitmq-server")], environment, folder);
        try
        {
            await WaitUntilItAnswersAsync(broker, cancel);
            return (epmd, broker);
        }
        catch
        {
            await StopAsync(epmd, broker);
            throw;
        }
    }

    /// <summary>Stops the broker in order, then epmd.</summary>
    /// <param name="epmd">epmd.</param>
    /// <param name="broker">The broker.</param>
    public static async Task StopAsync(DetachedProcess epmd, DetachedProcess broker)
    {
        await broker.StopAsync(PosixSignalNumber.Terminate, Shutdown, groupToo: true);
        await epmd.KillAsync();
    }

    private sealed record Installation(string Home, string ErlangBin, string Epmd, string? RelocatedErlang);

    private static async Task<Installation> InstallationAsync(Action<string> progress, CancellationToken cancel)
    {
        // Not the rabbitmq-server on PATH: Debian's wrapper insists on a user of its own. The scripts behind it do not.
        var home = Places
            .Where(Directory.Exists).SelectMany(f => Directory.GetDirectories(f, "rabbitmq_server-*").Append(f))
            .FirstOrDefault(f => File.Exists(Path.Combine(f, "sbin", "rabbitmq-server")));
        if (home is not null && Executables.Find("erl") is { } erl && Executables.Find("epmd") is { } epmd)
            return new(home, Path.GetDirectoryName(erl)!, epmd, null);
        if (!DebianPackages.Available)
            throw new MissingOnThisMachineException("Install RabbitMQ 3.10 or newer (Fedora: dnf install rabbitmq-server; macOS: brew install rabbitmq). It need not be started.");

        var root = await DebianPackages.UnpackAsync("rabbitmq", Packages, progress, cancel);
        var erlang = Path.Combine(root, "usr/lib/erlang");
        var runtime = Path.Combine(Directory.GetDirectories(erlang, "erts-*").Single(), "bin");
        return new(Directory.GetDirectories(Path.Combine(root, "usr/lib/rabbitmq/lib"), "rabbitmq_server-*").Single(), runtime, Path.Combine(runtime, "epmd"), erlang);
    }

    private async Task WriteConfigurationAsync(CancellationToken cancel)
    {
        foreach (var name in (string[])["mnesia", "log", "home", "bin"]) Directory.CreateDirectory(Path.Combine(folder, name));
        var configuration = Path.Combine(folder, "rabbitmq.conf");
        await File.WriteAllTextAsync(configuration, $"""
            listeners.tcp.1 = 127.0.0.1:{ports.Amqp}
            default_user = {User}
            default_pass = {password}
            disk_free_limit.absolute = 50MB
            log.file = false
            log.console = true
            log.console.level = warning

            """, cancel);
        File.SetUnixFileMode(configuration, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        await File.WriteAllTextAsync(Path.Combine(folder, "enabled_plugins"), "[].\n", cancel);
    }

    private Dictionary<string, string> Environment(Installation installation)
    {
        var bin = Path.Combine(folder, "bin");
        var environment = new Dictionary<string, string>
        {
            ["PATH"] = string.Join(Path.PathSeparator, bin, installation.ErlangBin, System.Environment.GetEnvironmentVariable("PATH")),
            ["HOME"] = Path.Combine(folder, "home"),
            ["RABBITMQ_HOME"] = installation.Home,
            ["RABBITMQ_NODENAME"] = $"hypervize-{ports.Amqp}@localhost",
            ["RABBITMQ_MNESIA_BASE"] = Path.Combine(folder, "mnesia"),
            ["RABBITMQ_LOG_BASE"] = Path.Combine(folder, "log"),
            ["RABBITMQ_CONFIG_FILE"] = Path.Combine(folder, "rabbitmq.conf"),
            ["RABBITMQ_ENABLED_PLUGINS_FILE"] = Path.Combine(folder, "enabled_plugins"),
            ["RABBITMQ_PID_FILE"] = Path.Combine(folder, "rabbitmq.pid"),
            ["RABBITMQ_CONF_ENV_FILE"] = "/dev/null",
            ["RABBITMQ_DIST_PORT"] = Text(ports.Distribution),
            // Loopback only, and no spinning while idle.
            ["RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS"] = "-kernel inet_dist_use_interface {127,0,0,1} +sbwt none +sbwtdcpu none +sbwtdio none",
            ["ERL_EPMD_PORT"] = Text(ports.Epmd),
            ["ERL_EPMD_ADDRESS"] = "127.0.0.1",
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
                // The listener opens last: who can connect finds a broker that is ready.
                using var client = new TcpClient();
                await client.ConnectAsync("127.0.0.1", ports.Amqp, patience.Token);
                return;
            }
            catch (Exception e) when (e is SocketException or OperationCanceledException && !cancel.IsCancellationRequested)
            {
                if (!broker.IsAlive || patience.IsCancellationRequested)
                    throw new PlatformException($"RabbitMQ did not start. Its log, {Log}, ends:\n{LogTail.Of(Log)}");
                await Task.Delay(50, cancel);
            }
        }
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
