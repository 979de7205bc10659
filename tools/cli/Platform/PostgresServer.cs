using System.Globalization;
using Npgsql;

namespace Hypervize.Cli.Platform;

/// <summary>A private PostgreSQL cluster: own data, own port on loopback, own password.</summary>
/// <param name="instance">The instance's folder.</param>
/// <param name="port">Port on loopback.</param>
/// <param name="password">Password of its one user.</param>
public sealed class PostgresServer(string instance, int port, string password)
{
    private const string User = "hypervize";
    private const string Database = "hypervize";
    private static readonly TimeSpan StartUp = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Shutdown = TimeSpan.FromSeconds(20);

    private readonly string _folder = Path.Combine(instance, "postgres");

    /// <summary>The file its output goes to.</summary>
    public string Log => Path.Combine(_folder, "postgres.log");

    /// <summary>Its port on loopback.</summary>
    public int Port => port;

    private string Data => Path.Combine(_folder, "data");

    /// <summary>Npgsql connection string of its database.</summary>
    public string ConnectionString => $"Host=127.0.0.1;Port={port};Username={User};Password={password};Database={Database}";

    /// <summary>Makes the cluster when there is none, starts the server and waits until it answers; nothing is left running when it does not.</summary>
    /// <param name="progress">Told what happens.</param>
    /// <param name="started">Told the server's process.</param>
    /// <param name="cancel">Stops.</param>
    public async Task StartAsync(Action<string> progress, Action<DetachedProcess> started, CancellationToken cancel)
    {
        Directory.CreateDirectory(_folder);
        var command = await ProgramsAsync(progress, cancel) is { } programs ? await PrepareAsync(programs, progress, cancel) : await PrepareContainerAsync(cancel);

        progress("Starting PostgreSQL");
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        patience.CancelAfter(StartUp);
        while (!await AnswersAsync(Spawn(command, started), patience.Token, cancel)) await Task.Delay(200, cancel);
    }

    /// <summary>Stops the server in order: open transactions are rolled back, what was committed stays.</summary>
    /// <param name="process">The server.</param>
    public static Task StopAsync(DetachedProcess process) => process.StopAsync(PosixSignalNumber.Interrupt, Shutdown);

    private sealed record Programs(string Folder, IReadOnlyDictionary<string, string> Libraries);

    private sealed record Startable(IReadOnlyList<string> Command, IReadOnlyDictionary<string, string> Environment);

    /// <returns>Where they are; null when a container must do.</returns>
    private static async Task<Programs?> ProgramsAsync(Action<string> progress, CancellationToken cancel)
    {
        var found = Executables.Find("initdb",
        [
            .. Versions("/usr/lib/postgresql", "bin"), .. Versions("/opt/homebrew/opt", "bin", "postgresql*"), .. Versions("/usr/local/opt", "bin", "postgresql*"),
            "/usr/pgsql/bin",
        ]);
        // A client's package may bring single programs; where initdb is, the server is beside it, unless that was a link.
        if (found is not null && (File.ResolveLinkTarget(found, returnFinalTarget: true)?.FullName ?? found) is var initdb && File.Exists(Path.Combine(Path.GetDirectoryName(initdb)!, "postgres")))
            return new(Path.GetDirectoryName(initdb)!, new Dictionary<string, string>());
        if (DebianPackages.Available)
        {
            var root = await DebianPackages.UnpackAsync(await DebianPackages.PostgresAsync(cancel), progress, cancel);
            return new(Versions(Path.Combine(root, "usr/lib/postgresql"), "bin").Single(), DebianPackages.Libraries(root));
        }
        return await Container.EngineAnswersAsync(cancel) ? null
            : throw new MissingOnThisMachineException("Install PostgreSQL 14 or newer (Fedora: dnf install postgresql-server; macOS: brew install postgresql@16).");
    }

    // The newest first; Homebrew's folders bear their version at the end.
    private static IEnumerable<string> Versions(string folder, string inside, string pattern = "*") => Directory.Exists(folder)
        ? Directory.GetDirectories(folder, pattern)
            .OrderByDescending(d => int.TryParse(string.Concat(Path.GetFileName(d).Where(char.IsAsciiDigit)), CultureInfo.InvariantCulture, out var version) ? version : 0)
            .Select(d => Path.Combine(d, inside))
        : [];

    private async Task<Startable> PrepareAsync(Programs programs, Action<string> progress, CancellationToken cancel)
    {
        var asUser = UnprivilegedUser.Prefix();
        if (!Directory.Exists(Data)) await CreateAsync(programs, asUser, progress, cancel);
        ForgetPredecessor();
        return new(
        [
            .. asUser, Path.Combine(programs.Folder, "postgres"), "-D", Data, "-p", port.ToString(CultureInfo.InvariantCulture),
            // Its compiler of queries needs a library that its package only suggests, and our queries are short.
            .. Settings("listen_addresses=127.0.0.1", "unix_socket_directories=", "jit=off"),
        ], programs.Libraries);
    }

    private async Task<Startable> PrepareContainerAsync(CancellationToken cancel)
    {
        var container = new Container($"hypervize-{Path.GetFileName(instance)}-postgres", "postgres:16", "/var/lib/postgresql/data");
        await container.EndAsync(cancel);
        return new(
            [.. container.Run(port, 5432, ["POSTGRES_USER", "POSTGRES_PASSWORD"]), .. Settings()],
            new Dictionary<string, string> { ["POSTGRES_USER"] = User, ["POSTGRES_PASSWORD"] = password });
    }

    private static IEnumerable<string> Settings(params string[] settings) =>
        settings.Concat(["shared_buffers=64MB", "max_connections=300"]).SelectMany(s => new[] { "-c", s });

    private async Task CreateAsync(Programs programs, IReadOnlyList<string> asUser, Action<string> progress, CancellationToken cancel)
    {
        progress("Making a PostgreSQL cluster");
        var fresh = $"{Data}.new"; // Moved to its place when it is whole.
        if (Directory.Exists(fresh)) Directory.Delete(fresh, recursive: true);
        var passwordFile = Path.Combine(_folder, "password");
        PrivateFile.Write(passwordFile, password);
        await UnprivilegedUser.OwnAsync(_folder, cancel);
        try
        {
            string[] command =
                [.. asUser, Path.Combine(programs.Folder, "initdb"), "-D", fresh, "-U", User, $"--pwfile={passwordFile}", "-A", "scram-sha-256", "-E", "UTF8", "--no-locale"];
            var (exitCode, output) = await Executables.RunAsync(command[0], command[1..], cancel, _folder, programs.Libraries);
            if (exitCode != 0) throw new PlatformException($"initdb failed:\n{output.Trim()}");
            Directory.Move(fresh, Data);
        }
        finally
        {
            File.Delete(passwordFile);
        }
    }

    // After a reboot the pid in PostgreSQL's own file may be a stranger's, which it would take for a server that runs on these data.
    private void ForgetPredecessor()
    {
        var file = Path.Combine(Data, "postmaster.pid");
        if (!File.Exists(file) || !int.TryParse(File.ReadLines(file).FirstOrDefault(), CultureInfo.InvariantCulture, out var pid)) return;
        if (DetachedProcess.NameOf(pid)?.StartsWith("postgres", StringComparison.Ordinal) is not true) File.Delete(file);
    }

    private DetachedProcess Spawn(Startable startable, Action<DetachedProcess> started)
    {
        var process = DetachedProcess.Start(Log, startable.Command, new Dictionary<string, string>(startable.Environment) { [MarkedProcesses.Instance] = instance }, _folder);
        started(process);
        return process;
    }

    /// <returns>Whether it does; false when it ended because processes of a predecessor that crashed linger, so that another try is worth it.</returns>
    private async Task<bool> AnswersAsync(DetachedProcess process, CancellationToken patience, CancellationToken cancel)
    {
        var server = new NpgsqlConnectionStringBuilder(ConnectionString) { Database = "postgres", Pooling = false, Timeout = 2 }.ConnectionString;
        try
        {
            while (process.IsAlive)
            {
                try
                {
                    await using var connection = new NpgsqlConnection(server);
                    await connection.OpenAsync(patience);
                    await MakeDatabaseAsync(connection, patience);
                    return true;
                }
                catch (NpgsqlException)
                {
                    await Task.Delay(50, patience);
                }
            }
            var log = LogTail.Of(Log);
            if (log.Contains("pre-existing shared memory block", StringComparison.Ordinal) && !patience.IsCancellationRequested) return false;
            throw new PlatformException($"PostgreSQL did not start. Its log, {Log}, ends:\n{log}");
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            await StopAsync(process);
            throw new PlatformException($"PostgreSQL did not answer within {StartUp.TotalSeconds:0} s. Its log, {Log}, ends:\n{LogTail.Of(Log)}");
        }
        catch
        {
            await StopAsync(process);
            throw;
        }
    }

    private static async Task MakeDatabaseAsync(NpgsqlConnection connection, CancellationToken cancel)
    {
        await using var exists = new NpgsqlCommand("select 1 from pg_database where datname = $1", connection) { Parameters = { new() { Value = Database } } };
        if (await exists.ExecuteScalarAsync(cancel) is not null) return;
        await using var create = new NpgsqlCommand($"create database {Database}", connection);
        await create.ExecuteNonQueryAsync(cancel);
    }
}
