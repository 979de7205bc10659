using System.Net;
using System.Net.Sockets;
using Hypervize.Cli.Platform;
using Hypervize.Cli.Running;
using Npgsql;

namespace Hypervize.Cli.Tests;

/// <summary>The real servers.</summary>
public sealed class BackingSpecs : IAsyncLifetime, IDisposable
{
    private readonly Scratch _scratch = new();

    private BackingServices Backing => BackingServices.Of(_scratch.Folder);

    [Fact]
    public async Task They_come_back_after_a_crash_at_the_same_places_with_what_was_committed()
    {
        await Backing.StartAsync(_ => { }, CancellationToken.None);
        var (postgres, rabbitMq) = (Backing.Postgres.ConnectionString, Backing.RabbitMq.Uri);
        await QueryAsync("create table kept (n int); insert into kept values (7)");

        await Task.WhenAll(Backing.KillPostgresAsync(), Backing.KillRabbitMqAsync());
        Assert.Equal((null, null), (Backing.PostgresProcess, Backing.RabbitMqProcess));

        await Backing.StartAsync(_ => { }, CancellationToken.None);
        Assert.Equal((postgres, rabbitMq), (Backing.Postgres.ConnectionString, Backing.RabbitMq.Uri));
        Assert.Equal(7, await QueryAsync("select n from kept"));
        Assert.Equal("AMQP is spoken", await HandshakeAsync());
    }

    [Fact]
    public async Task One_is_stopped_and_started_while_the_other_runs_on()
    {
        await Backing.StartAsync(_ => { }, CancellationToken.None);
        var broker = Backing.RabbitMqProcess;
        await Backing.StopPostgresAsync();
        Assert.Null(Backing.PostgresProcess);
        await Backing.StartPostgresAsync(_ => { }, CancellationToken.None);
        Assert.Equal(1, await QueryAsync("select 1"));
        Assert.Equal(broker, Backing.RabbitMqProcess);
    }

    [Fact]
    public async Task A_start_that_is_called_off_leaves_nothing_running()
    {
        using var impatient = new CancellationTokenSource();
        var starting = Backing.StartAsync(_ => { }, impatient.Token);
        await Scratch.UntilAsync(() => Backing.RabbitMqProcess is not null || starting.IsCompleted);
        await impatient.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => starting);
        await NothingRunsAsync();
    }

    [Fact]
    public async Task A_second_start_that_is_called_off_leaves_the_first_alone()
    {
        var first = Backing.StartAsync(_ => { }, CancellationToken.None);
        using var impatient = new CancellationTokenSource(TimeSpan.FromMilliseconds(300));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Backing.StartAsync(_ => { }, impatient.Token));
        await first;
        Assert.Equal(1, await QueryAsync("select 1"));
        Assert.NotNull(Backing.RabbitMqProcess);
    }

    [Fact]
    public async Task A_port_that_was_taken_meanwhile_is_left_to_its_taker()
    {
        await Backing.StartPostgresAsync(_ => { }, CancellationToken.None);
        await Backing.StopPostgresAsync();
        var taken = Backing.Postgres.Port;
        using var taker = new TcpListener(IPAddress.Loopback, taken);
        taker.Start();
        await Backing.StartPostgresAsync(_ => { }, CancellationToken.None);
        Assert.NotEqual(taken, Backing.Postgres.Port);
        Assert.Equal(1, await QueryAsync("select 1"));
    }

    [Fact]
    public async Task A_platform_that_cannot_start_wholly_is_stopped_wholly()
    {
        var installation = Installation.Of(_scratch.Folder, checkout: _scratch["nothing is built here"]);
        var error = await Assert.ThrowsAsync<PlatformException>(() => installation.StartAsync(_ => { }, CancellationToken.None));
        Assert.Contains("is not built", error.Message);
        await NothingRunsAsync();
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        await Backing.StopAsync();
        await NothingRunsAsync();
    }

    public void Dispose() => _scratch.Dispose();

    // What a server started itself ends a moment after it.
    private Task NothingRunsAsync() => Scratch.UntilAsync(async () => (await MarkedProcesses.FindAsync(_scratch.Folder)).Count == 0);

    private async Task<object?> QueryAsync(string sql)
    {
        await using var connection = new NpgsqlConnection(Backing.Postgres.ConnectionString + ";Pooling=false");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync();
    }

    private async Task<string> HandshakeAsync()
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, Backing.RabbitMq.Port);
        await client.GetStream().WriteAsync("AMQP\0\0\t\u0001"u8.ToArray());
        var first = new byte[1];
        await client.GetStream().ReadExactlyAsync(first);
        return first[0] == 1 ? "AMQP is spoken" : "something else is spoken"; // 1: a method frame, Connection.Start.
    }
}
