// Not run by the tests: Debian has no Spring Boot. Written for 3.2 or newer, Java 17.
// The second way to hear of results, for a backend that nothing can be pushed to: long polls.
// Needs @EnableScheduling, and a thread of its own: spring.task.scheduling.pool.size = 2 or more.
package com.example.shop;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.time.Duration;
import java.util.List;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.http.client.JdkClientHttpRequestFactory;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.scheduling.annotation.Scheduled;
import org.springframework.stereotype.Component;
import org.springframework.transaction.support.TransactionTemplate;
import org.springframework.web.client.HttpClientErrorException;
import org.springframework.web.client.RestClient;

@Component
class ChangesPoller {
    record Page(List<Orders.Payment> changes, @JsonProperty("next_cursor") String nextCursor) {}

    private final Orders orders;
    private final JdbcClient database;
    private final TransactionTemplate transaction;
    private final RestClient daemon;

    ChangesPoller(Orders orders, JdbcClient database, TransactionTemplate transaction,
                  @Value("${reconciled.admin:http://127.0.0.1:8803}") String admin) {
        this.orders = orders;
        this.database = database;
        this.transaction = transaction;
        var requests = new JdkClientHttpRequestFactory();
        requests.setReadTimeout(Duration.ofSeconds(60));
        this.daemon = RestClient.builder().baseUrl(admin).requestFactory(requests).build();
    }

    // What throws is logged by the scheduler, and tried again after a second.
    @Scheduled(fixedDelay = 1000)
    void step() {
        String cursor = database.sql("SELECT next_cursor FROM feed").query(String.class).single();
        try {
            Page page = daemon.get().uri("/changes?wait=30&cursor={cursor}", cursor)
                .retrieve().body(Page.class);
            // Payments and the place behind them in one transaction: a crash repeats, skips nothing.
            transaction.executeWithoutResult(status -> {
                page.changes().forEach(payment -> orders.accept(payment, payment.deliverable()));
                database.sql("UPDATE feed SET next_cursor = ?").param(page.nextCursor()).update();
            });
        } catch (HttpClientErrorException.Conflict olderCopyPutBack) {
            transaction.executeWithoutResult(status -> {  // its versions may have begun anew, too
                database.sql("UPDATE shop_order SET version = 0").update();
                database.sql("UPDATE feed SET next_cursor = '0'").update();
            });
        }
    }
}
