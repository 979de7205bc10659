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
        var binaries = await BinariesAsync(progress, cancel);
        var asUser = UnprivilegedUser.Prefix();
        if (!Directory.Exists(Data)) await CreateAsync(binaries, asUser, progress, cancel);

        progress("Starting PostgreSQL");
        ForgetPredecessor();
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        patience.CancelAfter(StartUp);
        while (!await AnswersAsync(Spawn(binaries, asUser, started), patience.Token, cancel)) await Task.Delay(200, cancel);
    }

    /// <summary>Stops the server in order: open transactions are rolled back, what was committed stays.</summary>
    /// <param name="process">The server.</param>
    public static Task StopAsync(DetachedProcess process) => process.StopAsync(PosixSignalNumber.Interrupt, Shutdown);

    private static async Task<string> BinariesAsync(Action<string> progress, CancellationToken cancel)
    {
        var found = Executables.Find("postgres",
        [
            .. Versions("/usr/lib/postgresql", "bin"), .. Versions("/opt/homebrew/opt", "bin", "postgresql*"), .. Versions("/usr/local/opt", "bin", "postgresql*"),
            "/usr/pgsql/bin",
        ]);
        if (found is not null) return Path.GetDirectoryName(found)!;
        if (!DebianPackages.Available)
            throw new MissingOnThisMachineException("Install PostgreSQL 14 or newer (Fedora: dnf install postgresql-server; macOS: brew install postgresql@16).");

        // The distribution's default version is what the meta package depends on.
        var (_, depends) = await Executables.RunAsync("apt-cache", ["depends", "postgresql"], cancel);
        var package = depends.Split('\n').Select(l => l.Trim()).FirstOrDefault(l => l.StartsWith("Depends: postgresql-", StringComparison.Ordinal))?[9..] ?? "postgresql-15";
        var root = await DebianPackages.UnpackAsync("postgresql", [package, package.Replace("postgresql-", "postgresql-client-", StringComparison.Ordinal), "libpq5"], progress, cancel);
        return Versions(Path.Combine(root, "usr/lib/postgresql"), "bin").Single();
    }

    private static IEnumerable<string> Versions(string folder, string inside, string pattern = "*") =>
        Directory.Exists(folder) ? Directory.GetDirectories(folder, pattern).OrderDescending().Select(d => Path.Combine(d, inside)) : [];

    private async Task CreateAsync(string binaries, IReadOnlyList<string> asUser, Action<string> progress, CancellationToken cancel)
    {
        progress("Making a PostgreSQL cluster");
        var fresh = $"{Data}.new"; // Moved to its place when it is whole.
        if (Directory.Exists(fresh)) Directory.Delete(fresh, recursive: true);
        Directory.CreateDirectory(_folder);
        var passwordFile = Path.Combine(_folder, "password");
        PrivateFile.Write(passwordFile, password);
        await UnprivilegedUser.OwnAsync(_folder, cancel);
        try
        {
            string[] command = [.. asUser, Path.Combine(binaries, "initdb"), "-D", fresh, "-U", User, $"--pwfile={passwordFile}", "-A", "scram-sha-256", "-E", "UTF8", "--no-locale"];
            var (exitCode, output) = await Executables.RunAsync(command[0], command[1..], cancel, _folder);
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

    private DetachedProcess Spawn(string binaries, IReadOnlyList<string> asUser, Action<DetachedProcess> started)
    {
        string[] command =
        [
            .. asUser, Path.Combine(binaries, "postgres"), "-D", Data, "-p", port.ToString(CultureInfo.InvariantCulture),
            // Its compiler of queries needs a library that its package only suggests, and our queries are short.
            .. Settings("listen_addresses=127.0.0.1", "unix_socket_directories=", "shared_buffers=64MB", "max_connections=300", "jit=off"),
        ];
        var process = DetachedProcess.Start(Log, command, new Dictionary<string, string> { [MarkedProcesses.Instance] = instance }, _folder);
        started(process);
        return process;

        static IEnumerable<string> Settings(params string[] settings) => settings.SelectMany(s => new[] { "-c", s });
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
