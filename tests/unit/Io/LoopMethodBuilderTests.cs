using System.Runtime.CompilerServices;
using System.Threading.Tasks.Sources;
using Mesh.Io;
using Mesh.Kit.Measuring;

namespace Mesh.Tests.Unit.Io;

public sealed class LoopMethodBuilderTests
{
    private readonly Gate gate = new();

    [Fact]
    public async Task A_method_that_does_not_suspend_has_its_result_at_once()
    {
        var task = Add(1, 2, suspend: false);
        Assert.True(task.IsCompletedSuccessfully);
        Assert.Equal(3, await task);
    }

    [Fact]
    public void The_caller_continues_inside_the_call_that_ends_the_method()
    {
        var order = new List<string>();
        Caller();
        order.Add("before");
        gate.Open();
        order.Add("after");
        Assert.Equal(["before", "3", "after"], order);

        async void Caller() => order.Add((await Add(1, 2, suspend: true)).ToString());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_exception_reaches_the_awaiter(bool suspend)
    {
        var task = Fail(suspend);
        if (suspend) gate.Open();
        var error = await Assert.ThrowsAsync<InvalidDataException>(async () => await task);
        Assert.Equal("bad", error.Message);
    }

    [Fact]
    public async Task A_value_task_that_was_taken_does_not_reach_the_next_call()
    {
        var first = Add(1, 2, suspend: true);
        gate.Open();
        Assert.Equal(3, await first);
        var second = Add(5, 5, suspend: true); // the same object serves it
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await first);
        gate.Open();
        Assert.Equal(10, await second);
    }

    [Fact]
    public void Methods_that_suspend_again_and_again_allocate_nothing()
    {
        for (int i = 0; i < 100; i++) RunOne();
        Assert.Equal(0, Allocation.Of(() =>
        {
            for (int i = 0; i < 1000; i++) RunOne();
        }));

        void RunOne()
        {
            var outer = Outer();
            gate.Open();
            gate.Open();
            Assert.True(outer.IsCompleted);
            outer.GetAwaiter().GetResult();
        }
    }

    [AsyncMethodBuilder(typeof(LoopMethodBuilder))]
    private async ValueTask Outer()
    {
        await Add(1, 2, suspend: true);
        await Add(3, 4, suspend: true);
    }

    [AsyncMethodBuilder(typeof(LoopMethodBuilder<>))]
    private async ValueTask<int> Add(int a, int b, bool suspend)
    {
        if (suspend) await gate.WaitAsync();
        return a + b;
    }

    [AsyncMethodBuilder(typeof(LoopMethodBuilder))]
    private async ValueTask Fail(bool suspend)
    {
        if (suspend) await gate.WaitAsync();
        throw new InvalidDataException("bad");
    }

    /// <summary>What a socket is to a method: something that completes later, on the same thread.</summary>
    private sealed class Gate : IValueTaskSource<bool>
    {
        private LoopSource<bool> source;

        public ValueTask<bool> WaitAsync()
        {
            source.Reset();
            return new(this, source.Version);
        }

        public void Open() => source.SetResult(true);

        public bool GetResult(short token) => source.GetResult(token);
        public ValueTaskSourceStatus GetStatus(short token) => source.GetStatus(token);

        public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
            source.OnCompleted(continuation, state, token);
    }
}
