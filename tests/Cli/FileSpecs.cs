using System.Net;
using System.Net.Sockets;
using Hypervize.Cli.Platform;
using Hypervize.Cli.Running;

namespace Hypervize.Cli.Tests;

public sealed class FileSpecs : IDisposable
{
    private readonly Scratch _scratch = new();

    [Fact]
    public void A_private_file_is_readable_by_its_owner_only()
    {
        PrivateFile.WriteJson(_scratch["secret"], new[] { "password" });
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(_scratch["secret"]));
        Assert.Equal(["password"], PrivateFile.ReadJson<string[]>(_scratch["secret"])!);
    }

    [Fact]
    public void State_that_cannot_be_read_is_named()
    {
        File.WriteAllText(_scratch["state"], "{ half");
        Assert.Contains(_scratch["state"], Assert.Throws<PlatformException>(() => PrivateFile.ReadJson<string[]>(_scratch["state"])).Message);
    }

    [Fact]
    public void An_instance_is_changed_by_one_at_a_time()
    {
        using (var first = InstanceLock.TryAcquire(_scratch.Folder, "services"))
        {
            Assert.NotNull(first);
            Assert.Null(InstanceLock.TryAcquire(_scratch.Folder, "services"));
        }
        using var second = InstanceLock.TryAcquire(_scratch.Folder, "services");
        Assert.NotNull(second);
    }

    [Fact]
    public async Task Who_comes_second_waits_for_its_turn()
    {
        var first = InstanceLock.TryAcquire(_scratch.Folder, "services")!;
        var second = InstanceLock.AcquireAsync(_scratch.Folder, "services", CancellationToken.None);
        Assert.False(second.IsCompleted);
        first.Dispose();
        (await second).Dispose();
    }

    [Fact]
    public void A_port_that_somebody_listens_on_is_not_free()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        Assert.False(Ports.IsFree(((IPEndPoint)listener.LocalEndpoint).Port));
    }

    [Fact]
    public async Task A_port_that_is_let_go_in_a_moment_is_waited_for()
    {
        using var listener = new TcpListener(IPAddress.Loopback, Ports.Free());
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        var choosing = Ports.StillOrAnotherAsync(port, CancellationToken.None);
        Assert.False(choosing.IsCompleted);
        listener.Stop();
        Assert.Equal(port, await choosing);
    }

    [Fact]
    public void Free_ports_are_all_different() => Assert.Equal(50, Ports.Free(50).Distinct().Count());

    [Fact]
    public void No_two_services_get_the_same_port_not_even_those_that_had_it()
    {
        var last = Ports.Free();
        var ports = new Dictionary<string, int> { [ServiceTable.Endpoints] = last, [ServiceTable.Billing] = last };
        Installation.ChoosePorts(ports);
        Assert.Equal(last, ports[ServiceTable.Endpoints]);
        Assert.Equal(ServiceTable.All.Count + 1, ports.Values.Distinct().Count());
    }

    [Fact]
    public void The_front_door_leaves_its_port_only_while_somebody_else_listens_there_and_knows_which_it_was()
    {
        var first = Ports.Free();
        var ports = new Dictionary<string, int> { [ServiceTable.Proxy] = first };
        var wiring = new Wiring(_scratch.Folder, Checkout.Root, BackingServices.Of(_scratch.Folder), ports);
        using (var other = new TcpListener(IPAddress.Loopback, first))
        {
            other.Start();
            Installation.ChoosePorts(ports);
            Assert.NotEqual(first, ports[ServiceTable.Proxy]);
            Assert.Equal(first, wiring.LostPort);
        }
        Installation.ChoosePorts(ports);
        Assert.Equal((first, null), (ports[ServiceTable.Proxy], wiring.LostPort));
    }

    [Fact]
    public void The_end_of_a_log_is_its_last_lines()
    {
        File.WriteAllText(_scratch["log"], string.Concat(Enumerable.Range(1, 30_000).Select(i => $"line {i}\n")));
        Assert.Equal("line 29999\nline 30000", LogTail.Of(_scratch["log"], 2));
    }

    [Fact]
    public void A_log_is_followed_by_whole_lines_also_when_it_is_begun_anew()
    {
        File.WriteAllText(_scratch["log"], "one\ntw");
        var (first, position) = LogTail.After(_scratch["log"], 0);
        File.AppendAllText(_scratch["log"], "o\n");
        var (second, end) = LogTail.After(_scratch["log"], position);
        File.WriteAllText(_scratch["log"], "new\n");
        Assert.Equal(("one\n", "two\n", "new\n"), (first, second, LogTail.After(_scratch["log"], end).Lines));
    }

    public void Dispose() => _scratch.Dispose();
}
