using Mesh.Control.State;

namespace Mesh.Tests.Unit.Control.State;

public sealed class FileStateStoreTests : IDisposable
{
    private readonly string directory = Directory.CreateTempSubdirectory("mesh-state-").FullName;
    private readonly FileStateStore store;

    public FileStateStoreTests() => store = new FileStateStore(directory);

    [Fact]
    public async Task Value_is_replaced_whole_and_private()
    {
        await store.WriteAsync("identities/a", [1, 2, 3]);
        await store.WriteAsync("identities/a", [4]);

        Assert.Equal([4], await store.ReadAsync("identities/a"));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(directory, "identities", "a")));
        Assert.Equal(["identities/a"], await store.ListAsync("identities"));
    }

    [Fact]
    public async Task Value_can_be_added_to_and_read_piece_by_piece()
    {
        await store.WriteAsync("config/last-good", (IEnumerable<byte[]>)[[1, 2], [3]]);
        await store.AppendAsync("config/last-good", [4, 5]);

        Assert.Equal([1, 2, 3, 4, 5], await store.ReadAsync("config/last-good"));
        Assert.Equal("15", await store.ReadAsync("config/last-good", static stream => $"{stream.ReadByte()}{stream.Length}"));
        Assert.Null(await store.ReadAsync("config/none", static _ => "something"));
        await Assert.ThrowsAnyAsync<IOException>(() => store.AppendAsync("config/none", [1]));
    }

    [Fact]
    public async Task Half_written_successor_of_a_crash_is_not_seen()
    {
        await store.WriteAsync("config/last-good", [1]);
        File.WriteAllBytes(Path.Combine(directory, "config", "last-good.new"), [9, 9]);

        Assert.Equal([1], await store.ReadAsync("config/last-good"));
        Assert.Equal(["config/last-good"], await store.ListAsync("config"));
        await store.WriteAsync("config/last-good", [2]);
        Assert.Equal([2], await store.ReadAsync("config/last-good"));
    }

    [Fact]
    public async Task Missing_values_are_null_and_deleting_them_does_nothing()
    {
        Assert.Null(await store.ReadAsync("nothing"));
        await store.DeleteAsync("nothing");
        Assert.Empty(await store.ListAsync("nowhere"));
    }

    [Theory]
    [InlineData("../outside")]
    [InlineData("/etc/passwd")]
    [InlineData("a//b")]
    [InlineData("A")]
    [InlineData("")]
    public async Task Name_that_leaves_the_directory_is_refused(string name) =>
        await Assert.ThrowsAsync<ArgumentException>(() => store.ReadAsync(name));

    public void Dispose() => Directory.Delete(directory, recursive: true);
}
