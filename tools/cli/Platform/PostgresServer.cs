using System.Globalization;
using Npgsql;

namespace Hypervize.Cli.Platform;

/// <summary>A private PostgreSQL cluster: own data, own port on loopback, own password.</summary>
/// <param name="folder">Where its files are.</param>
/// <param name="port">Port on loopback.</param>
/// <param name="password">Password of its one user.</param>
public sealed class PostgresServer(string folder, int port, string password)
{
    private const string User = "hypervize";
    private const string Database = "hypervize";
    private static readonly TimeSpan StartUp = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Shutdown = TimeSpan.FromSeconds(20);

    private string Data => Path.Combine(folder, "data");
    private string Log => Path.Combine(folder, "postgres.log");

    /// <summary>Npgsql connection string of its database.</summary>
    public string ConnectionString => $"Host=127.0.0.1;Port={port};Username={User};Password={password};Database={Database}";

    /// <summary>Makes the cluster when there is none, starts the server and waits until it answers.</summary>
    /// <param name="progress">Told what happens.</param>
    /// <param name="cancel">Stops.</param>
    public async Task<DetachedProcess> StartAsync(Action<string> progress, CancellationToken cancel)
    {
        var binaries = await BinariesAsync(progress, cancel);
        var asUser = UnprivilegedUser.Prefix();
        if (!File.Exists(Path.Combine(Data, "PG_VERSION"))) await CreateAsync(binaries, asUser, progress, cancel);

        progress("Starting PostgreSQL");
        var process = DetachedProcess.Start(Log,
        [
            .. asUser, Path.Combine(binaries, "postgres"), "-D", Data, "-p", port.ToString(CultureInfo.InvariantCulture),
            "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-c", "shared_buffers=64MB", "-c", "max_connections=300",
        ], new Dictionary<string, string>(), folder);
        await WaitUntilItAnswersAsync(process, cancel);
        return process;
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
        if (Directory.Exists(Data)) Directory.Delete(Data, recursive: true); // Left half made.
        Directory.CreateDirectory(folder);
        var passwordFile = Path.Combine(folder, "password");
        await File.WriteAllTextAsync(passwordFile, password, cancel);
        await UnprivilegedUser.OwnAsync(folder, cancel);
        try
        {
            string[] command = [.. asUser, Path.Combine(binaries, "initdb"), "-D", Data, "-U", User, $"--pwfile={passwordFile}", "-A", "scram-sha-256", "-E", "UTF8", "--no-locale"];
            var (exitCode, output) = await Executables.RunAsync(command[0], command[1..], cancel, folder);
            if (exitCode != 0) throw new PlatformException($"initdb failed:\n{output.Trim()}");
        }
        finally
        {
            File.Delete(passwordFile);
        }
    }

    private async Task WaitUntilItAnswersAsync(DetachedProcess process, CancellationToken cancel)
    {
        var server = new NpgsqlConnectionStringBuilder(ConnectionString) { Database = "postgres", Pooling = false, Timeout = 2 }.ConnectionString;
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        patience.CancelAfter(StartUp);
        while (true)
        {
            try
            {
                await using var connection = new NpgsqlConnection(server);
                await connection.OpenAsync(patience.Token);
                await using var exists = new NpgsqlCommand("select 1 from pg_database where datname = $1", connection) { Parameters = { new() { Value = Database } } };
                if (await exists.ExecuteScalarAsync(patience.Token) is null)
                {
                    await using var create = new NpgsqlCommand($"create database {Database}", connection);
                    await create.ExecuteNonQueryAsync(patience.Token);
                }
                return;
            }
            catch (Exception e) when (e is NpgsqlException or OperationCanceledException && !cancel.IsCancellationRequested)
            {
                if (!process.IsAlive || patience.IsCancellationRequested)
                    throw new PlatformException($"PostgreSQL did not start. Its log, {Log}, ends:\n{LogTail.Of(Log)}");
                await Task.Delay(50, cancel);
            }
        }
    }
}
